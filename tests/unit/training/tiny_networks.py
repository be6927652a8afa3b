"""A small synthetic data set of slices; pathology is a bright patch in a lung."""

import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.contract import FINDINGS


def drawn_slice(random: np.random.Generator, pathological: bool, side: int = 96) -> NDArray[np.uint8]:
    """A grey slice: air, body, two lungs, noise; and a patch in a lung if pathological."""
    slice_ = np.zeros((side, side), np.uint8)
    middle = side // 2
    cv2.ellipse(slice_, (middle, middle), (side * 45 // 100, side * 38 // 100), 0, 0, 360, 210, -1)
    for sign in (-1, 1):
        cv2.ellipse(slice_, (middle + sign * side // 5, middle), (side // 8, side // 4), 0, 0, 360, 40, -1)
    if pathological:
        row = middle + int(random.integers(-side // 10, side // 10))
        cv2.circle(slice_, (middle + side // 5, row), side // 16, 190, -1)
    noisy = slice_ + random.normal(0, 4, slice_.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def write_slices(root: Path, groups: int = 10, per_group: int = 2, datasets: tuple[str, ...] = ("one", "two")) -> Path:
    """A folder with manifest.csv and finding_scores.csv: half of the groups of each data set are pathological."""
    random = np.random.default_rng(3)
    rows: list[tuple[object, ...]] = []
    scores: list[tuple[object, ...]] = []
    for dataset in datasets:
        (root / dataset).mkdir(parents=True)
        for group in range(groups):
            pathological = group % 2
            for number in range(per_group):
                path = f"{dataset}/{group:02}_{number}.png"
                cv2.imwrite(str(root / path), drawn_slice(random, bool(pathological)))
                rows.append((path, dataset, ("normal", "malignant")[pathological], pathological, f"{dataset}_{group}"))
                share = np.full(len(FINDINGS), 0.02)
                share[8 if pathological else 5] = 0.7
                scores.append((path, *share))
    _write(root / "manifest.csv", ("path", "dataset", "label", "abnormal", "group"), rows)
    _write(root / "finding_scores.csv", ("path", *FINDINGS), scores)
    return root


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
