"""The browser that the web's tests drive: Debian's Chromium, headless, asking nobody."""

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 30_000
"""So long a page may take before its test is given up: against hanging, not a measure of speed."""
