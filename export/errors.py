"""Why nothing was exported: the repository that stood there before is untouched.

    ExportError
    ├── InvalidViews   there are no calibration views, or they are not the contract's
    ├── BrokenGraph    the exported graph does not have the contract's tensors
    ├── ParityBroken   a served form strays further from the torch modules than is tolerated
    └── PlanFailed     trtexec is here but could not build a plan

`InvalidCheckpoint` (training) and `InvalidModelCard` (screening) come from the rooms that read those files.
"""


class ExportError(Exception):
    """Nothing was written."""


class InvalidViews(ExportError):
    """The message says which array is missing or misshapen."""


class BrokenGraph(ExportError):
    """The message holds the tensors that were found and those that were wanted."""


class ParityBroken(ExportError):
    """The message names every limit that is passed."""


class PlanFailed(ExportError):
    """The message ends with what trtexec said."""
