"""Floor 0: the science of screening a chest CT, pure of web, database, network and torch.

The way of a study, and the rooms along it:

    bytes       intake, archives, members, inflate, budgets
    headers     headers, part10, elements, header_fields, functional_groups, nifti, quiet -> slices
    series      series, suitability, preference, kernels
    volume      volume, geometry, decoding, transfer_syntaxes, codestream
    lungs       lungs, lung_mask
    views       crop, views
    all so far  preparation
    judgement   fusion, calibration, verdict, finding, localisation
    report      report

Beside it: contract, model_card and errors, which every room may use, and phantom (phantom_anatomy), a study for those
who have none.
"""
