"""What SES says of identities and configuration sets: all of it follows from the options."""

from collections.abc import Mapping
from typing import Any

from mailer.local_ses import checks
from mailer.local_ses.events import ACCOUNT, TOPIC
from mailer.local_ses.identities import is_verified
from mailer.local_ses.options import Options
from mailer.local_ses.refusals import bad_request, not_found


def list_email_identities(options: Options, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """All verified identities, on one page; none by name where everybody may send."""
    _one_page(given)
    return {
        "EmailIdentities": [
            {
                "IdentityName": name,
                "IdentityType": "EMAIL_ADDRESS" if "@" in name else "DOMAIN",
                "SendingEnabled": True,
                "VerificationStatus": "SUCCESS",
            }
            for name in options.verified or ()
        ]
    }


def get_email_identity(options: Options, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """One identity, with its DKIM in order. Raises Refusal (NotFoundException) for one that is not verified."""
    name: str = given["EmailIdentity"]
    if options.verified is not None and name.lower() not in {each.lower() for each in options.verified}:
        raise not_found(f"Email identity {name} does not exist.")
    return {
        "IdentityType": "EMAIL_ADDRESS" if "@" in name else "DOMAIN",
        "FeedbackForwardingStatus": False,
        "VerifiedForSendingStatus": is_verified(options.verified, name),
        "VerificationStatus": "SUCCESS",
        "DkimAttributes": {
            "SigningEnabled": True,
            "Status": "SUCCESS",
            "SigningAttributesOrigin": "AWS_SES",
            "CurrentSigningKeyLength": "RSA_2048_BIT",
            "Tokens": ["local1", "local2", "local3"],
        },
        "MailFromAttributes": {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
        "Policies": {},
        "Tags": [],
    }


def list_configuration_sets(options: Options, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """All configuration sets, on one page."""
    _one_page(given)
    return {"ConfigurationSets": list(options.configuration_sets)}


def get_configuration_set(options: Options, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """One configuration set. Raises Refusal (NotFoundException)."""
    name: str = given["ConfigurationSetName"]
    checks.refuse_unless(options.configuration_sets, name)
    return {
        "ConfigurationSetName": name,
        "DeliveryOptions": {"TlsPolicy": "OPTIONAL"},
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "SendingOptions": {"SendingEnabled": True},
        "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        "Tags": [],
    }


def get_event_destinations(options: Options, given: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """The one topic that a set publishes to, or none. Raises Refusal (NotFoundException)."""
    name: str = given["ConfigurationSetName"]
    checks.refuse_unless(options.configuration_sets, name)
    types = options.configuration_sets[name]
    destination = {
        "Name": TOPIC,
        "Enabled": True,
        "MatchingEventTypes": list(types),
        "SnsDestination": {"TopicArn": f"arn:aws:sns:{region}:{ACCOUNT}:{TOPIC}"},
    }
    return {"EventDestinations": [destination] if types else []}


def _one_page(given: Mapping[str, Any]) -> None:
    if "NextToken" in given:
        raise bad_request("There is no further page.")
