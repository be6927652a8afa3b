"""Errors of export. After each, an existing repository is unchanged.

    ExportError
    ├── InvalidViews   there are no calibration views, or they do not match the contract
    ├── BrokenGraph    the exported graph does not have the contract's tensors
    ├── ParityBroken   outputs of an exported form differ from the torch modules by more than the tolerance
    └── PlanFailed     trtexec is installed but could not build a plan

`InvalidCheckpoint` (training) and `InvalidModelCard` (screening) are raised by the packages that read those files.
"""


class ExportError(Exception):
    """The export failed; nothing was written."""


class InvalidViews(ExportError):
    """The message names the array that is missing or has a wrong shape or type."""


class BrokenGraph(ExportError):
    """The message has the tensors of the graph and those of the contract."""


class ParityBroken(ExportError):
    """The message names every limit that is exceeded."""


class PlanFailed(ExportError):
    """The message ends with the output of trtexec."""
