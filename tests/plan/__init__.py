"""Tests of the plan room: reading, checking, rendering, the reference."""
