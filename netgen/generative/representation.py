"""What travels: one representation of one segment."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netgen.provenance import Provenance
from netgen.robustness.table import RobustnessTable

SOURCE_MODE = "source"


@dataclass(frozen=True, slots=True)
class MeasuredQuality:
    """What was measured on the very frames of a segment, in a live run, beside PSNR and MS-SSIM.

    Parameters
    ----------
    semantic_fidelity : float       Estimate of the share of the meaning that is kept, 0..1.
    vmaf : float or None            0..100; None where it was not asked for.
    """

    semantic_fidelity: float
    vmaf: float | None


@dataclass(frozen=True, slots=True)
class Representation:
    """One representation of a segment, at some point of its way.

    Parameters
    ----------
    mode : str                          Coding mode (`full-reference`, ...); `source` before any contraction.
    discriminative_bits : int, bit      Bits of a conventional bitstream.
    generative_bits : int, bit          Bits that steer a generative model.
    semantic_fidelity : float           Share of the segment's meaning that it still holds, 0..1.
    fidelity_provenance : Provenance    Where that share comes from.
    contracted_by : str or None         Action that contracted it; None while it is a full representation.
    last_action : str                   Last action that contracted it, also after expansion; may be empty.
    playable : bool                     Whether a receiver can show it as it is.
    generated : bool                    Whether a generative model has expanded it.
    psnr_db, ms_ssim : float or None    Quality of what is shown; None where nobody measured it.
    artefact : int or None              Handle of the bytes that a live run made; None by profile, and at the source.
    measured : MeasuredQuality or None  Set once the frames that are shown were compared with the source's.
    semantic_interval : (float, float)  Where that share lies by its sources; equal ends where they give no interval.
    symbols : RobustnessTable or None   Set while it is symbols of joint coding that no channel has touched: what is
                                        left of the meaning behind one.
    """

    mode: str
    discriminative_bits: int
    generative_bits: int
    semantic_fidelity: float
    fidelity_provenance: Provenance
    contracted_by: str | None
    last_action: str
    playable: bool
    generated: bool
    psnr_db: float | None
    ms_ssim: float | None
    artefact: int | None = None
    measured: MeasuredQuality | None = None
    semantic_interval: tuple[float, float] = (1.0, 1.0)
    symbols: RobustnessTable | None = None

    @property
    def bits(self) -> int:
        """All bits."""
        return self.discriminative_bits + self.generative_bits

    def heard(self, snr_db: float) -> Representation:
        """Return it behind a channel of an SNR; the same where it is not made of symbols.

        Its fidelity falls from what coding alone leaves to what is left at the SNR, and never rises.
        """
        table = self.symbols
        if table is None:
            return self
        left, clean = table.at(snr_db), table.clean

        def behind(before: float, now: float, once: float) -> float:
            return min(before, before * now / once) if once > 0 else 0.0

        fidelity = self.semantic_fidelity * table.kept(snr_db)
        low = behind(self.semantic_interval[0], left.interval[0], clean.interval[0])
        high = behind(self.semantic_interval[1], left.interval[1], clean.interval[1])
        return replace(
            self,
            semantic_fidelity=fidelity,
            semantic_interval=(min(low, fidelity), max(high, fidelity)),
            psnr_db=left.psnr_db,
            ms_ssim=left.ms_ssim,
            symbols=None,
        )

    @staticmethod
    def source(bits: int) -> Representation:
        """The representation that the source offers: all of the meaning, quality by definition unharmed."""
        return Representation(
            mode=SOURCE_MODE,
            discriminative_bits=bits,
            generative_bits=0,
            semantic_fidelity=1.0,
            fidelity_provenance=Provenance.EXACT,
            contracted_by=None,
            last_action="",
            playable=True,
            generated=False,
            psnr_db=None,
            ms_ssim=1.0,
        )
