"""The variants that the tuning measures: each is what Triton reads, and changes what it says."""

from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from benchmarks.triton_tuning.variants import TODAY, VARIANTS, Variant
from gateway.settings.settings import ROOT
from screening.contract import EXPERT, EXPERT_ENSEMBLE

SHIPPED = ROOT / "model_repository"


def config_of(repository: Path, model: str) -> triton.ModelConfig:
    return text_format.Parse((repository / model / "config.pbtxt").read_text(), triton.ModelConfig())


def test_todays_is_the_shipped_one(tmp_path: Path) -> None:
    written = TODAY.write(SHIPPED, tmp_path / "today")
    for path in SHIPPED.glob("*/config.pbtxt"):
        assert config_of(written, path.parent.name) == config_of(SHIPPED, path.parent.name)


@pytest.mark.parametrize("variant", VARIANTS[1:], ids=lambda variant: variant.name)
def test_each_other_one_differs_and_takes_the_requests_that_it_gets(variant: Variant, tmp_path: Path) -> None:
    written = variant.write(SHIPPED, tmp_path / "variant")
    models = [path.parent.name for path in SHIPPED.glob("*/config.pbtxt")]
    assert any(config_of(written, model) != config_of(SHIPPED, model) for model in models)
    of_slices = set(models) - {EXPERT, EXPERT_ENSEMBLE}  # a row of theirs is a block
    assert all(config_of(written, model).max_batch_size >= variant.chunk for model in of_slices)
