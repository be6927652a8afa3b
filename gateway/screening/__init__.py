"""From an upload to its report: decoding, networks, fusion, verdict; and which networks are active."""
