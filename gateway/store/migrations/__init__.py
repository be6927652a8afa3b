"""The schema's history, one step a file in `versions`; `gateway.store.migration` walks it."""
