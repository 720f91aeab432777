"""What a person does in JupyterLab, in words: open a notebook, run it, look at it."""

import uuid
from typing import Any


def open_notebook(page: Any, lab: Any, path: str) -> None:
    """Open a notebook in a workspace of its own and wait until its kernel is ready."""
    page.goto(lab.url(path, workspace=uuid.uuid4().hex[:8]))
    page.locator(".jp-Notebook:visible .jp-Cell").first.wait_for()
    wait_until_idle(page)


def wait_until_idle(page: Any, seconds: float = 120) -> None:
    """Wait until the kernel has nothing left to do (the word in the status bar)."""
    page.get_by_text("| Idle").first.wait_for(timeout=seconds * 1000)


def run_all(page: Any, seconds: float = 180) -> None:
    """Run all cells, and wait until the last one is done."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    page.wait_for_function(
        """() => {
            const prompts = [...document.querySelectorAll('.jp-Notebook .jp-InputPrompt')];
            return prompts.every(each => !each.textContent.includes('[*]'));
        }""",
        timeout=seconds * 1000,
    )
    wait_until_idle(page, seconds)


def use_theme(page: Any, name: str) -> None:
    """Switch the theme: "JupyterLab Light" or "JupyterLab Dark"."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.get_by_text("Theme", exact=True).first.hover()
    page.get_by_text(name, exact=True).first.click()
    page.wait_for_function(f"document.body.dataset.jpThemeName === '{name}'")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
