"""The progress of an upload with two studies, step by step."""

from gateway.screening.progress import Progress, ProgressCounter, Stage


def test_two_studies_from_reading_to_the_report() -> None:
    steps: list[Progress] = []
    counter = ProgressCounter(steps.append, slices_per_study=12)
    counter.studies_found(2)
    counter.study_started()
    counter.inference_started(11)
    counter.slices_screened(6)
    counter.slices_screened(5)  # the lungs span eleven slices, one less than estimated
    counter.study_started()
    counter.inference_started(12)
    counter.slices_screened(12)
    counter.report_started()
    assert steps == [
        Progress(Stage.READING, 0, 0),
        Progress(Stage.SLICES, 0, 24),
        Progress(Stage.NETWORKS, 0, 23),
        Progress(Stage.NETWORKS, 6, 23),
        Progress(Stage.NETWORKS, 11, 23),
        Progress(Stage.SLICES, 11, 23),
        Progress(Stage.NETWORKS, 11, 23),
        Progress(Stage.NETWORKS, 23, 23),
        Progress(Stage.REPORT, 23, 23),
    ]
