"""Generated bad input: uploads as from a wrong export, a broken disk or an attacker, each with the required result.

`cases` is the corpus. `clean_study` makes a valid study and functions that change it; `archives`, `single_files`,
`folders`, `corrupt_files`, `wrong_content`, `positions` and `pixels` are the changes; `raw_zip` writes zips with wrong
headers. No file of the corpus is stored.
"""
