"""Where jobs run: `local` is this process on this machine."""
