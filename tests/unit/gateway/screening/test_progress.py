"""Steps of an upload with two studies, as a person sees them."""

from gateway.screening.progress import Progress, Stage, Steps


def test_two_studies_from_reading_to_the_report() -> None:
    told: list[Progress] = []
    steps = Steps(told.append, slices_per_study=12)
    steps.found(2)
    steps.study(0)
    steps.networks()
    steps.seen(6)
    steps.seen(5)  # the lungs span eleven slices only
    steps.study(1)
    steps.networks()
    steps.seen(12)
    steps.report()
    assert told == [
        Progress(Stage.READING, 0, 0),
        Progress(Stage.SLICES, 0, 24),
        Progress(Stage.NETWORKS, 0, 24),
        Progress(Stage.NETWORKS, 6, 24),
        Progress(Stage.NETWORKS, 11, 24),
        Progress(Stage.SLICES, 12, 24),
        Progress(Stage.NETWORKS, 12, 24),
        Progress(Stage.NETWORKS, 24, 24),
        Progress(Stage.REPORT, 24, 24),
    ]
