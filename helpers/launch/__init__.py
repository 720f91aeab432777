"""What `start.py` does inside the environment; no notebook needs it.

`commands` takes start.py's word; `lab` opens JupyterLab, `terminal` a terminal in it; `rehearsal`
runs the notebooks (`check`), `doctor` examines a computer.
"""
