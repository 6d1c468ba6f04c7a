"""Which ordinary letters bounce, are complained of, delayed, opened or clicked: shares of all, spread evenly."""

from collections.abc import Sequence

from mailer.local_ses.options import Options


class Share:
    """Says yes to a share of the questions: to 400 of 10,000 at 0.04, and never to two in a row before their time."""

    def __init__(self, begun: float = 0.0) -> None:
        """`begun`, below 1: how much is due at the start. Shares that begin apart are seldom due at the same letter."""
        self._due = begun

    def next(self, share: float) -> bool:
        """Whether it is this one. What could not be used is kept for the next."""
        self._due += share
        # A hair less than 1: adding 0.04 for 25 times does not make 1 quite.
        return self._due > 1 - 1e-9

    def use(self) -> None:
        """It was this one."""
        self._due -= 1


class Shares:
    """Decides, letter by letter, what becomes of it. Guarded by the caller."""

    def __init__(self) -> None:
        self._fates = {
            "bounce": Share(),
            "complaint": Share(0.5),
            "softbounce": Share(0.25),
            "delay": Share(0.75),
        }
        self._opens, self._clicks = Share(), Share()

    def next(self, options: Options) -> tuple[str, Sequence[str]]:
        """The box that the next letter falls into, as if it were addressed there, and OPEN and CLICK if it is read."""
        shares = {
            "bounce": options.bounce_share,
            "complaint": options.complaint_share,
            "softbounce": options.soft_bounce_share,
            "delay": options.delay_share,
        }
        due = [name for name, share in self._fates.items() if share.next(shares[name])]
        for name in due[:1]:
            self._fates[name].use()
        read: list[str] = []
        for kind, share, wanted in (
            ("OPEN", self._opens, options.open_share),
            ("CLICK", self._clicks, options.click_share),
        ):
            if share.next(wanted):
                share.use()
                read.append(kind)
        return next(iter(due), ""), read
