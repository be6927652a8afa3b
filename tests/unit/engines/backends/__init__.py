"""The backend's files import each other by bare names, as in Triton's stub, which puts their folder on the path."""

import sys
from pathlib import Path

import engines

sys.path.append(str(Path(engines.__file__).parent / "backends" / "onnxruntime"))
