"""The queue of events, the suppression list, and what the account says of itself, through the real boto3."""

import json
from typing import Any

import pytest

from mailer.local_ses.server import Server

SOURCE = b"From: post@example.org\r\nSubject: Hello\r\n\r\nHello\r\n"
Told = tuple[str, str, str]


def send(ses: Any, to: str, **changes: Any) -> str:
    request = {
        "FromEmailAddress": "post@example.org",
        "Destination": {"ToAddresses": [to]},
        "Content": {"Raw": {"Data": SOURCE}},
        "ConfigurationSetName": "newsletter",
        "EmailTags": [{"Name": "mailing", "Value": "m1"}, {"Name": "delivery", "Value": "7-1"}],
        **changes,
    }
    return ses.send_email(**request)["MessageId"]


def url(sqs: Any) -> str:
    return sqs.get_queue_url(QueueName="newsletter-events")["QueueUrl"]


def receive(sqs: Any, **more: Any) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=url(sqs), MaxNumberOfMessages=10, **more)
    return answer.get("Messages", [])


def events(sqs: Any) -> list[dict[str, Any]]:
    return [json.loads(json.loads(message["Body"])["Message"]) for message in receive(sqs)]


def kinds(sqs: Any) -> list[Told]:
    told: list[Told] = []
    for event in events(sqs):
        bounce: dict[str, str] = event.get("bounce", {})
        sub = bounce.get("bounceSubType") or event.get("complaint", {}).get("complaintSubType") or ""
        told.append((event["eventType"], bounce.get("bounceType", ""), sub))
    return told


SEND, DELIVERY = ("Send", "", ""), ("Delivery", "", "")


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("ada@example.com", [SEND, DELIVERY]),
        ("success@simulator.amazonses.com", [SEND, DELIVERY]),
        ("bounce+7@simulator.amazonses.com", [SEND, ("Bounce", "Permanent", "General")]),
        ("complaint@simulator.amazonses.com", [SEND, DELIVERY, ("Complaint", "", "")]),
        ("ooto@simulator.amazonses.com", [SEND, DELIVERY, ("Bounce", "Transient", "General")]),
        ("suppressionlist@simulator.amazonses.com", [SEND, ("Bounce", "Permanent", "Suppressed")]),
        ("softbounce+7@simulator.example.org", [SEND, ("Bounce", "Transient", "MailboxFull")]),
        ("delay@simulator.example.org", [SEND, ("DeliveryDelay", "", ""), DELIVERY]),
        ("reject@simulator.example.org", [SEND, ("Reject", "", "")]),
        ("open@simulator.example.org", [SEND, DELIVERY, ("Open", "", "")]),
        ("click@simulator.example.org", [SEND, DELIVERY, ("Open", "", ""), ("Click", "", "")]),
        ("delay@example.org", [SEND, DELIVERY]),
    ],
)
def test_each_mailbox_of_the_simulator_does_what_its_name_says(to: str, told: list[Told], ses: Any, sqs: Any) -> None:
    send(ses, to)
    assert kinds(sqs) == told


def test_an_event_carries_our_tags_and_the_letters_id(ses: Any, sqs: Any) -> None:
    message_id = send(ses, "ada@example.com")
    sent, delivered = events(sqs)
    tags = sent["mail"]["tags"]
    assert (tags["mailing"], tags["delivery"], tags["ses:configuration-set"]) == (["m1"], ["7-1"], ["newsletter"])
    assert (sent["mail"]["messageId"], sent["mail"]["destination"]) == (message_id, ["ada@example.com"])
    assert sent["mail"]["commonHeaders"]["subject"] == "Hello"
    assert delivered["delivery"]["recipients"] == ["ada@example.com"]


def test_a_value_that_is_missing_is_a_rendering_failure_of_an_accepted_letter(
    ses: Any, sqs: Any, server: Server
) -> None:
    content = {"Subject": "Hello {{name}}", "Text": "t"}
    results = ses.send_bulk_email(
        FromEmailAddress="post@example.org",
        ConfigurationSetName="newsletter",
        DefaultContent={"Template": {"TemplateContent": content}},
        BulkEmailEntries=[{"Destination": {"ToAddresses": ["ada@example.com"]}}],
    )["BulkEmailEntryResults"]
    [event] = events(sqs)
    words = "Attribute 'name' is not present in the rendering data."
    assert [result["Status"] for result in results] == ["SUCCESS"]
    assert (event["eventType"], event["failure"]["errorMessage"]) == ("Rendering Failure", words)
    assert [(letter.failure, letter.content) for letter in server.local_ses.accepted] == [(words, None)]


def test_a_virus_is_accepted_and_then_rejected(ses: Any, sqs: Any) -> None:
    source = SOURCE + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE\r\n"
    send(ses, "ada@example.com", Content={"Raw": {"Data": source}})
    told = events(sqs)
    assert [event["eventType"] for event in told] == ["Send", "Reject"]
    assert told[1]["reject"] == {"reason": "Bad content"}


def test_without_a_configuration_set_nothing_is_told(ses: Any, sqs: Any) -> None:
    request = {"Destination": {"ToAddresses": ["ada@example.com"]}, "Content": {"Raw": {"Data": SOURCE}}}
    ses.send_email(**request)
    assert receive(sqs) == []


def test_a_set_tells_only_what_it_publishes(ses: Any, sqs: Any, server: Server) -> None:
    server.local_ses.change_options({"configuration_sets": {"newsletter": ["DELIVERY"]}})
    send(ses, "ada@example.com")
    assert kinds(sqs) == [DELIVERY]


def test_events_are_repeated_and_reordered_on_request(ses: Any, sqs: Any, server: Server) -> None:
    server.local_ses.change_options({"repeat_events": 1, "reorder_events": True, "raw_delivery": True})
    send(ses, "complaint@simulator.amazonses.com")
    messages = receive(sqs)
    told = [json.loads(message["Body"])["eventType"] for message in messages]
    in_order = ["Send", "Send", "Delivery", "Delivery", "Complaint", "Complaint"]
    assert sorted(told) == sorted(in_order)
    assert told != in_order
    assert len({message["MessageId"] for message in messages}) == 6


def test_a_delay_and_a_full_mailbox_say_why(ses: Any, sqs: Any) -> None:
    send(ses, "delay@simulator.example.org")
    send(ses, "softbounce@simulator.example.org")
    _, delayed, _, _, bounced = events(sqs)
    assert delayed["deliveryDelay"]["delayType"] == "TransientCommunicationFailure"
    assert [each["status"] for each in delayed["deliveryDelay"]["delayedRecipients"]] == ["4.4.1"]
    assert delayed["deliveryDelay"]["expirationTime"] > delayed["deliveryDelay"]["timestamp"]
    assert [each["status"] for each in bounced["bounce"]["bouncedRecipients"]] == ["5.2.2"]


def test_events_are_held_until_told_and_then_come_as_often_as_wanted(ses: Any, sqs: Any, server: Server) -> None:
    server.local_ses.change_options({"hold_events": True})
    send(ses, "ada@example.com")
    assert receive(sqs) == []
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
    assert sqs.get_queue_attributes(QueueUrl=url(sqs), AttributeNames=names)["Attributes"] == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "2",
    }
    server.local_ses.change_options({"hold_events": False, "repeat_events": 2})
    assert kinds(sqs) == [SEND, SEND, SEND, DELIVERY, DELIVERY, DELIVERY]


def test_a_letter_whose_content_is_forgotten_is_told_of_all_the_same(ses: Any, sqs: Any, server: Server) -> None:
    server.local_ses.change_options({"keep_contents": 0})
    message_id = send(ses, "ada@example.com")
    sent, _ = events(sqs)
    assert (sent["mail"]["messageId"], sent["mail"]["tags"]["delivery"]) == (message_id, ["7-1"])


def test_who_bounced_or_complained_is_on_the_accounts_list_as_with_amazon(ses: Any, sqs: Any, server: Server) -> None:
    server.local_ses.change_options({"bounce_share": 1})
    send(ses, "ada@example.com")
    server.local_ses.change_options({"bounce_share": 0, "complaint_share": 1})
    send(ses, "bob@example.com")
    send(ses, "bounce@simulator.amazonses.com")
    found = ses.list_suppressed_destinations()["SuppressedDestinationSummaries"]
    assert [(each["EmailAddress"], each["Reason"]) for each in found] == [
        ("ada@example.com", "BOUNCE"),
        ("bob@example.com", "COMPLAINT"),
    ]
    receive(sqs)
    send(ses, "ada@example.com")
    assert kinds(sqs) == [SEND, ("Bounce", "Permanent", "OnAccountSuppressionList")]


def test_what_is_not_deleted_comes_again(ses: Any, sqs: Any) -> None:
    send(ses, "ada@example.com")
    first = receive(sqs, VisibilityTimeout=0)
    again = receive(sqs)
    assert [message["MessageId"] for message in again] == [message["MessageId"] for message in first]
    sqs.delete_message(QueueUrl=url(sqs), ReceiptHandle=again[0]["ReceiptHandle"])
    sqs.delete_message_batch(QueueUrl=url(sqs), Entries=[{"Id": "1", "ReceiptHandle": again[1]["ReceiptHandle"]}])
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url(sqs), AttributeNames=names)["Attributes"]
    assert attributes == dict.fromkeys(names, "0")


def test_while_one_works_on_a_message_no_other_gets_it(ses: Any, sqs: Any) -> None:
    send(ses, "ada@example.com")
    assert len(receive(sqs)) == 2
    assert receive(sqs) == []


def test_what_the_queue_does_not_have_is_refused_by_name(sqs: Any) -> None:
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.receive_message(QueueUrl="http://127.0.0.1/000000000000/other")
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=url(sqs), ReceiptHandle="x")
    with pytest.raises(sqs.exceptions.ClientError, match=r"NotImplemented.*SendMessage"):
        sqs.send_message(QueueUrl=url(sqs), MessageBody="x")
    with pytest.raises(sqs.exceptions.ClientError, match="Must be between 1 and 10"):
        sqs.receive_message(QueueUrl=url(sqs), MaxNumberOfMessages=11)


def test_letters_to_suppressed_addresses_are_accepted_and_bounce(ses: Any, sqs: Any) -> None:
    ses.put_suppressed_destination(EmailAddress="Ada@example.com", Reason="BOUNCE")
    ses.put_suppressed_destination(EmailAddress="bob@example.com", Reason="COMPLAINT")
    send(ses, "ada@example.com")
    send(ses, "bob@example.com")
    assert kinds(sqs) == [
        SEND,
        ("Bounce", "Permanent", "OnAccountSuppressionList"),
        SEND,
        ("Complaint", "", "OnAccountSuppressionList"),
    ]


def test_the_suppression_list_is_put_read_paged_and_deleted(ses: Any) -> None:
    for name in ("eve", "ada", "bob"):
        ses.put_suppressed_destination(EmailAddress=f"{name}@example.com", Reason="BOUNCE")
    first = ses.list_suppressed_destinations(PageSize=2)
    second = ses.list_suppressed_destinations(PageSize=2, NextToken=first["NextToken"])
    pages = [[each["EmailAddress"] for each in page["SuppressedDestinationSummaries"]] for page in (first, second)]
    assert pages == [["ada@example.com", "bob@example.com"], ["eve@example.com"]]
    assert "NextToken" not in second
    assert ses.list_suppressed_destinations(Reasons=["COMPLAINT"])["SuppressedDestinationSummaries"] == []
    found = ses.get_suppressed_destination(EmailAddress="ada@example.com")["SuppressedDestination"]
    assert ses.list_suppressed_destinations(StartDate=found["LastUpdateTime"])["SuppressedDestinationSummaries"]
    assert found["Reason"] == "BOUNCE"
    ses.delete_suppressed_destination(EmailAddress="ada@example.com")
    with pytest.raises(ses.exceptions.NotFoundException):
        ses.get_suppressed_destination(EmailAddress="ada@example.com")


def test_the_account_tells_its_identities_and_configuration_sets(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"verified": ["example.org"]})
    identities = ses.list_email_identities()["EmailIdentities"]
    assert [(each["IdentityName"], each["IdentityType"]) for each in identities] == [("example.org", "DOMAIN")]
    assert ses.get_email_identity(EmailIdentity="example.org")["VerifiedForSendingStatus"] is True
    with pytest.raises(ses.exceptions.NotFoundException):
        ses.get_email_identity(EmailIdentity="example.com")
    assert ses.list_configuration_sets()["ConfigurationSets"] == ["newsletter"]
    assert ses.get_configuration_set(ConfigurationSetName="newsletter")["SendingOptions"] == {"SendingEnabled": True}
    [destination] = ses.get_configuration_set_event_destinations(ConfigurationSetName="newsletter")["EventDestinations"]
    assert destination["SnsDestination"]["TopicArn"] == "arn:aws:sns:eu-west-1:000000000000:newsletter-events"


def test_sending_is_paused_and_resumed_as_amazon_does_it(ses: Any) -> None:
    ses.put_account_sending_attributes(SendingEnabled=False)
    assert ses.get_account()["SendingEnabled"] is False
    with pytest.raises(ses.exceptions.SendingPausedException):
        send(ses, "ada@example.com")
    ses.put_account_sending_attributes(SendingEnabled=True)
    send(ses, "ada@example.com")
