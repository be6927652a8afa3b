"""Screening of a chest CT, from the bytes of an upload to the report, without web, database, network or torch.

The modules by stage, in the order in which a study passes them:

    upload       intake, archives, upload_members, inflate_stream, budgets, file_signature
    headers      headers, part10, element_values, header_fields, functional_groups, nifti, slice_header, pydicom_logging
    series       series, series_suitability, series_preference, convolution_kernel
    volume       volume, geometry, decoding, transfer_syntaxes, codestream
    lungs        lungs, lung_mask
    views        crop, views
    preparation  preparation runs the stages above
    decision     fusion, calibration, verdict, findings, localisation
    results      report, evidence

All stages use contract, model_card and errors. phantom writes a synthetic study; nifti_writing and
display_window serve the viewer.
"""
