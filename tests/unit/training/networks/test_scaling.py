import torch

from training.networks.scaling import signed, unsigned

EVERY_BYTE = torch.arange(256, dtype=torch.uint8)


def test_signed_is_the_authors_normalisation() -> None:
    torch.testing.assert_close(signed(EVERY_BYTE), (EVERY_BYTE / 255 - 0.5) / 0.5)


def test_unsigned_spans_zero_to_one() -> None:
    torch.testing.assert_close(unsigned(EVERY_BYTE)[[0, 51, 255]], torch.tensor([0.0, 0.2, 1.0]))
