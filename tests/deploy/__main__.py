"""Write the generated files of deploy/: `python -m tests.deploy`."""

from tests.deploy.generated import write

if __name__ == "__main__":
    write()
