"""Write the dashboards anew: `python -m tests.dashboards`."""

from tests.dashboards.boards import FOLDER, written

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in written().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
