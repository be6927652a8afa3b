"""`python -m training STAGE`, as `turnstile train STAGE`."""

from training.cli import main

main()
