"""Named variants of executable actions: the class and the parameters behind each name; loaded when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from netgen.actions.contract import VideoAction
from netgen.errors import MissingDependencyError


@dataclass(frozen=True, slots=True)
class Variant:
    """One named variant: what a scenario calls a profile, `netgen calibrate` measures and a live run executes.

    Parameters
    ----------
    name : str                      Its name.
    module : str                    Module of its class, imported only when it is made.
    class_name : str                The class, a `VideoAction`.
    parameters : mapping            Parameters of the class.
    """

    name: str
    module: str
    class_name: str
    parameters: Mapping[str, int | str] = field(default_factory=dict)

    def make(self) -> VideoAction:
        """Return a new instance.

        Raises
        ------
        MissingDependencyError      It needs an extra that is not installed.
        """
        try:
            module = importlib.import_module(self.module)
        except ImportError as error:
            if error.name not in {"av", "safetensors", "torch"}:
                raise
            raise MissingDependencyError(
                f'action "{self.name}" needs {error.name}, which is not installed; run: pip install netgen[actions]'
            ) from error
        action_class: Callable[..., VideoAction] = getattr(module, self.class_name)
        return action_class(**self.parameters)


_CODECS = "netgen.actions.codecs"
_DROPPING = "netgen.actions.frame_dropping"
_CHOOSING = "netgen.catalogue.choosing"
_RESTORATION = "netgen.actions.restoration"
_INTERPOLATION = "netgen.actions.interpolation"

VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        variant.name: variant
        for variant in (
            Variant("x264", _CODECS, "X264Action"),
            Variant("x265", _CODECS, "X265Action"),
            Variant("x265-half", _CODECS, "LowResolutionAction", {"codec": "x265", "scale": 2}),
            Variant("x265-quarter", _CODECS, "LowResolutionAction", {"codec": "x265", "scale": 4}),
            Variant("svtav1", _CODECS, "SvtAv1Action"),
            Variant("svtav1-half", _CODECS, "LowResolutionAction", {"codec": "svtav1", "scale": 2}),
            Variant("svtav1-quarter", _CODECS, "LowResolutionAction", {"codec": "svtav1", "scale": 4}),
            Variant("vp9", _CODECS, "Vp9Action"),
            Variant(
                "svtav1-drop2", _DROPPING, "FrameDroppingAction", {"keep_every": 2, "expander": "repeat"}
            ),
            Variant(
                "svtav1-drop4", _DROPPING, "FrameDroppingAction", {"keep_every": 4, "expander": "repeat"}
            ),
            Variant("svtav1-mci2", _DROPPING, "FrameDroppingAction", {"keep_every": 2, "expander": "mci"}),
            Variant("svtav1-mci4", _DROPPING, "FrameDroppingAction", {"keep_every": 4, "expander": "mci"}),
            Variant(
                "svtav1-quarter-mci4",
                _DROPPING,
                "FrameDroppingAction",
                {"keep_every": 4, "expander": "mci", "scale": 4},
            ),
            Variant("choose-plain", _CHOOSING, "PlainChoice"),
            Variant("restore-half", _RESTORATION, "RestoreAction", {"scale": 2}),
            Variant("restore-quarter", _RESTORATION, "RestoreAction", {"scale": 4}),
            Variant("interpolate-2", _INTERPOLATION, "InterpolateAction", {"keep_every": 2}),
            Variant("interpolate-4", _INTERPOLATION, "InterpolateAction", {"keep_every": 4}),
            Variant("guided", "netgen.actions.guided", "GuidedAction"),
            Variant("choose-learned", _CHOOSING, "LearnedChoice"),
            Variant("flat", "netgen.actions.rendering", "FlatRenderAction"),
            Variant("layout", "netgen.actions.layout", "LayoutAction"),
        )
    }
)
"""The shipped variants, conventional ones first."""
