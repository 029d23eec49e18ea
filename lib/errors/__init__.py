"""Every error this product raises on purpose, as a tree by cause; each writes its own sentence from data."""

from lib.errors.access import (
    NotAllowedError,
    ReasonRequiredError,
    SettingsError,
)
from lib.errors.artifacts import (
    ArtifactCorruptError,
    ArtifactError,
    ArtifactMissingError,
    ArtifactNameError,
    ArtifactTooLargeError,
    FolderGoneError,
    IncompatibleArtifactError,
    PublishError,
    TamperedArtifactError,
    UnsafeArtifactError,
)
from lib.errors.base import DeskError
from lib.errors.ensemble import (
    AllMembersAbstainedError,
    MemberUnavailableError,
    NotTrainedError,
    UnknownMemberError,
)
from lib.errors.market import (
    DownwardResampleError,
    InvalidBarsError,
    InvalidFeaturesError,
    InvalidHorizonError,
    InvalidSymbolError,
    InvalidTimeframeError,
    MissingFeaturesError,
    TooFewBarsError,
)
from lib.errors.monitoring import (
    LabelIsFixedError,
    LabelNeedsVersionError,
)
from lib.errors.outside import (
    AmbiguousDatesError,
    DatabaseError,
    DateReading,
    OtherTimeframeError,
    SeveralTickersError,
    SourceError,
    UploadError,
)
from lib.errors.registry import (
    InvalidCursorError,
    LiveVersionError,
    NoEarlierVersionError,
    NothingToMoveError,
    PreflightFailedError,
    QuarantinedVersionError,
    StalePointerError,
    UnknownKeyError,
    UnknownVersionError,
)
from lib.errors.training import (
    FutureDateError,
    UnknownRunError,
)

__all__ = [
    "AllMembersAbstainedError",
    "AmbiguousDatesError",
    "ArtifactCorruptError",
    "ArtifactError",
    "ArtifactMissingError",
    "ArtifactNameError",
    "ArtifactTooLargeError",
    "DatabaseError",
    "DateReading",
    "DeskError",
    "DownwardResampleError",
    "FolderGoneError",
    "FutureDateError",
    "IncompatibleArtifactError",
    "InvalidBarsError",
    "InvalidCursorError",
    "InvalidFeaturesError",
    "InvalidHorizonError",
    "InvalidSymbolError",
    "InvalidTimeframeError",
    "LabelIsFixedError",
    "LabelNeedsVersionError",
    "LiveVersionError",
    "MemberUnavailableError",
    "MissingFeaturesError",
    "NoEarlierVersionError",
    "NotAllowedError",
    "NotTrainedError",
    "NothingToMoveError",
    "OtherTimeframeError",
    "PreflightFailedError",
    "PublishError",
    "QuarantinedVersionError",
    "ReasonRequiredError",
    "SettingsError",
    "SeveralTickersError",
    "SourceError",
    "StalePointerError",
    "TamperedArtifactError",
    "TooFewBarsError",
    "UnknownKeyError",
    "UnknownMemberError",
    "UnknownRunError",
    "UnknownVersionError",
    "UnsafeArtifactError",
    "UploadError",
]
