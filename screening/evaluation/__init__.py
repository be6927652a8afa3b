"""How well scored studies are told apart: figures with intervals, calibration, operating points.

Training uses it on data sets, `turnstile calibrate` on a site's own studies, without torch.
"""
