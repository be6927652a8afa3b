"""Where the CPU time of one study goes: by process and by part, beside what the machine needs at least."""
