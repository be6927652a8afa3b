"""Evaluation of whole studies as served: serving's survey, views, exported files and fusion, in one process.

`decoded_volume` holds a series in memory, so that it can be changed; `served_study` screens it; `study_changes`,
`painted_studies` and `pointing` ask what changes of no meaning do, which lesions are found, and where the map points.
"""
