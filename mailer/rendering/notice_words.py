"""What notices say, in each language that we speak; a theme's `words` may replace any of it, or add a language."""

from collections.abc import Mapping

# `{title}` is the newsletter's, `{publisher}` who sends it, `{days}` how long the button works. Nothing of a person.
_ENGLISH = {
    "notice_confirm_subject": "Please confirm your subscription to {title}",
    "notice_confirm_heading": "Please confirm your subscription",
    "notice_confirm_first": "Somebody asked for {title} to be sent to this address. If it was you, confirm it with the button.",
    "notice_confirm_second": "The button works for {days} days. If it was not you, do nothing: you will not be subscribed, and this address is forgotten.",
    "notice_confirm_button": "Confirm my subscription",
    "notice_confirm_why": "You get this one letter because the address was typed into the newsletter’s form.",
    "notice_move_subject": "Please confirm your new address for {title}",
    "notice_move_heading": "Please confirm your new address",
    "notice_move_first": "A reader of {title} wants their letters sent to this address from now on. If it was you, confirm it with the button.",
    "notice_move_second": "The button works for {days} days. If it was not you, do nothing: nothing will change, and this address is forgotten.",
    "notice_move_button": "Use this address",
    "notice_move_why": "You get this one letter because the address was typed in by a reader of the newsletter.",
    "notice_moved_subject": "Your address for {title} was changed",
    "notice_moved_heading": "Your address was changed",
    "notice_moved_first": "{title} is sent to another address of yours from now on, as you asked and confirmed there. Nothing more will be sent to this one.",
    "notice_moved_second": "If it was not you, answer to this letter: it reaches {publisher}.",
    "notice_moved_why": "You get this one letter because the newsletter was sent to this address.",
}
_GERMAN = {
    "notice_confirm_subject": "Bitte bestätigen Sie Ihr Abonnement: {title}",
    "notice_confirm_heading": "Bitte bestätigen Sie Ihr Abonnement",
    "notice_confirm_first": "Jemand möchte, dass {title} an diese Adresse geschickt wird. Wenn Sie das waren, bestätigen Sie es mit dem Knopf.",
    "notice_confirm_second": "Der Knopf gilt {days} Tage. Wenn Sie es nicht waren, tun Sie nichts: Sie werden nicht eingetragen, und diese Adresse wird vergessen.",
    "notice_confirm_button": "Abonnement bestätigen",
    "notice_confirm_why": "Sie erhalten diesen einen Brief, weil die Adresse in das Formular des Newsletters eingegeben wurde.",
    "notice_move_subject": "Bitte bestätigen Sie Ihre neue Adresse: {title}",
    "notice_move_heading": "Bitte bestätigen Sie Ihre neue Adresse",
    "notice_move_first": "Wer {title} liest, möchte die Briefe ab jetzt an diese Adresse bekommen. Wenn Sie das sind, bestätigen Sie es mit dem Knopf.",
    "notice_move_second": "Der Knopf gilt {days} Tage. Wenn Sie es nicht waren, tun Sie nichts: Es ändert sich nichts, und diese Adresse wird vergessen.",
    "notice_move_button": "Diese Adresse verwenden",
    "notice_move_why": "Sie erhalten diesen einen Brief, weil jemand, der den Newsletter liest, die Adresse eingegeben hat.",
    "notice_moved_subject": "Ihre Adresse wurde geändert: {title}",
    "notice_moved_heading": "Ihre Adresse wurde geändert",
    "notice_moved_first": "{title} geht ab jetzt an Ihre andere Adresse, wie Sie es wünschten und dort bestätigt haben. An diese wird nichts mehr geschickt.",
    "notice_moved_second": "Wenn Sie das nicht waren, antworten Sie auf diesen Brief: Er erreicht {publisher}.",
    "notice_moved_why": "Sie erhalten diesen einen Brief, weil der Newsletter an diese Adresse ging.",
}
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "de": _GERMAN}


def notice_words(language: str, theirs: Mapping[str, str]) -> dict[str, str]:
    """The words for a newsletter's language, English where we do not speak it; `theirs` are the theme's."""
    ours = LANGUAGES.get(language.replace("_", "-").partition("-")[0].lower(), _ENGLISH)
    return {**ours, **{key: words for key, words in theirs.items() if key in ours}}
