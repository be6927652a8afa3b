"""Bad input, generated: what a mistaken export, a broken disk or an attacker may send, and the answer that it must get.

`table` is the corpus. `chest` makes the clean study and spoils it; `archives`, `files`, `folders`, `streams`, `kinds`,
`places` and `pixels` are the ways to spoil; `rawzip` writes zips whose headers lie. Nothing is kept as data.
"""
