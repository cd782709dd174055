"""`python -m mmm` is the same as `mmm`."""

from mmm.cli import app

if __name__ == "__main__":
    app(prog_name="mmm")
