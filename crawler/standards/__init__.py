"""The ground floor: one file per RFC family; bytes and text in, values out; no socket, no clock, nothing of ours."""
