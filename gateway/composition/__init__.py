"""How the parts fit together: what is made from the settings, and what each capability is given."""
