"""Options of a study reach every fit of its comparison."""

from mmm.validation.bench import Asked, works
from tests.fakes import a_panel


def test_every_piece_of_work_carries_the_options() -> None:
    asked = Asked(("structural", "ridge"), champion="ridge", options={"carry_over": "delayed"})
    assert all(work.options == {"carry_over": "delayed"} for work in works(a_panel(n=104), asked))
