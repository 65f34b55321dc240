"""How real actions are run on real frames in a live run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from netgen import units
from netgen.schema.fields import Memory, Quantity, StrictModel, Truth, Whole

Fidelity = Literal["profile", "live"]


class Live(StrictModel):
    """Execution of live actions; what is said here does not matter to actions by profile."""

    time: Literal["profile", "measured"] = Field(
        "profile",
        description="what an action takes in simulated time: its profile's time, so that the run repeats exactly, "
        "or the wall time measured in this run",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="where models run; auto takes CUDA where there is one"
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="arithmetic of the models; auto takes bfloat16 where the device multiplies in it natively, "
        "else float32",
    )
    workers: Annotated[Whole, Field(ge=1, le=64)] = Field(1, description="worker processes")
    threads: Annotated[Whole, Field(ge=1, le=256)] = Field(1, description="CPU threads of each worker")
    batch: Annotated[Whole, Field(ge=1, le=1024)] | None = Field(
        None, description="most frames that a model is given at once; null for 4 on a processor, 32 on CUDA"
    )
    limit_s: Annotated[float, Quantity(units.DURATION, gt=0, le=86_400)] = Field(
        600.0,
        alias="limit",
        description="wall time after which a job counts as hung and is killed; starting a worker "
        "and loading its action may each take as long, and 2 min at least",
    )
    memory_bytes: Memory | None = Field(
        None,
        alias="memory",
        description="most private writable memory of a worker process, weights included; null for no limit",
    )
    vmaf: Truth = Field(False, description="whether the VMAF of what is shown is measured too")
