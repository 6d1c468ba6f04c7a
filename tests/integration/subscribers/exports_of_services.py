"""What other services export, written after the headers that they document: file name, content, and who is what here by it."""

_MAILCHIMP = (
    "MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION"
)
_EMPTY = "2,2020-01-01 10:00:00,,2020-01-02 10:00:00,,,,,,,,"

EXPORTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "Mailchimp": (
        "subscribed_members_export_1.csv",
        (
            f"Email Address,First Name,Last Name,{_MAILCHIMP},LAST_CHANGED,LEID,EUID,NOTES,TAGS\r\n"
            f'ada@example.org,Ada,Lovelace,{_EMPTY},2020-01-02,1,a,,"""Lorem Editors"",""beta"""\r\n'
        ),
        {"ada@example.org": "subscribed Ada Lovelace #Lorem Editors #beta"},
    ),
    "Mailchimp (unsubscribed)": (
        "x.csv",
        (
            f"Email Address,First Name,Last Name,{_MAILCHIMP},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,"
            f"UNSUB_REASON_OTHER,LEID,EUID,NOTES,TAGS\nada@example.org,Ada,,{_EMPTY},2021-02-03 04:05:06,,,,,1,a,,\n"
        ),
        {"ada@example.org": "unsubscribed"},
    ),
    "Mailchimp (cleaned)": (
        "x.csv",
        (
            f"Email Address,First Name,Last Name,{_MAILCHIMP},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID,NOTES,"
            f"TAGS\nada@example.org,Ada,,{_EMPTY},2021-02-03 04:05:06,,,1,a,,\n"
        ),
        {"ada@example.org": "(bounced)"},
    ),
    "Substack": (
        "email_list.csv",
        (
            "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
            "ada@example.org,false,,,false,2022-05-06T07:08:09.000Z,\nbob@example.org,true,,,true,2022-05-06T07:08:09.000Z,\n"
        ),
        {"ada@example.org": "subscribed", "bob@example.org": "unsubscribed"},
    ),
    "Ghost": (
        "members.csv",
        (
            "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
            '1,ada@example.org,Ada,,true,false,,2022-05-06T07:08:09.000Z,,"beta,vip",\n'
            "2,bob@example.org,Bob,,false,false,,2022-05-06T07:08:09.000Z,,,\n"
            "3,cy@example.org,Cy,,true,false,,2022-05-06T07:08:09.000Z,2023-01-01T00:00:00.000Z,,\n"
        ),
        {
            "ada@example.org": "subscribed Ada #beta #vip",
            "bob@example.org": "unsubscribed",
            "cy@example.org": "unsubscribed",
        },
    ),
    "Kit": (
        "kit.csv",
        (
            "first_name,email_address,state,created_at,tags\nAda,ada@example.org,active,2022-05-06 07:08:09 UTC,beta\n"
            "Bob,bob@example.org,cancelled,2022-05-06,\nCy,cy@example.org,bounced,2022-05-06,\n"
            "Di,di@example.org,complained,2022-05-06,\nEd,ed@example.org,inactive,2022-05-06,\nFi,fi@example.org,odd,2022-05-06,\n"
        ),
        {
            "ada@example.org": "subscribed Ada #beta",
            "bob@example.org": "unsubscribed",
            "cy@example.org": "(bounced)",
            "di@example.org": "(complained)",
            "ed@example.org": "unconfirmed Ed",
        },
    ),
    "beehiiv": (
        "subscribers.csv",
        (
            "email,First Name,Last Name,status,tier,created_at,stripe_customer_id,unsubscribed_at\n"
            "ada@example.org,Ada,L,active,free,2022-05-06,,\nbob@example.org,Bob,,inactive,free,2022-05-06,,2023-05-06\n"
            "cy@example.org,Cy,,pending,free,2022-05-06,,\n"
        ),
        {"ada@example.org": "subscribed Ada L", "bob@example.org": "unsubscribed", "cy@example.org": "unconfirmed Cy"},
    ),
    "Brevo": (
        "contacts.csv",
        (
            "EMAIL;LASTNAME;FIRSTNAME;SMS;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME\n"
            "ada@example.org;Lovelace;Ada;;false;false;2022-05-06;2022-05-06\nbob@example.org;;Bob;;true;false;2022-05-06;\n"
        ),
        {"ada@example.org": "subscribed Ada Lovelace", "bob@example.org": "unsubscribed"},
    ),
    "ActiveCampaign": (
        "contacts.csv",
        (
            "Email,First Name,Last Name,Phone,Tags,Date Created,IP,Status\nada@example.org,Ada,,,beta,2022-05-06,,Active\n"
            "bob@example.org,Bob,,,,2022-05-06,,Unsubscribed\ncy@example.org,Cy,,,,2022-05-06,,Bounced\n"
            "di@example.org,Di,,,,2022-05-06,,Unconfirmed\n"
        ),
        {
            "ada@example.org": "subscribed Ada #beta",
            "bob@example.org": "unsubscribed",
            "cy@example.org": "(bounced)",
            "di@example.org": "unconfirmed Di",
        },
    ),
    "Buttondown": (
        "emails.csv",
        (
            "email_address,notes,metadata,tags,creation_date,type,source\nada@example.org,,{},beta,2022-05-06,regular,\n"
            "bob@example.org,,{},,2022-05-06,unsubscribed,\ncy@example.org,,{},,2022-05-06,unactivated,\n"
            "di@example.org,,{},,2022-05-06,undeliverable,\n"
        ),
        {
            "ada@example.org": "subscribed #beta",
            "bob@example.org": "unsubscribed",
            "cy@example.org": "unconfirmed",
            "di@example.org": "(bounced)",
        },
    ),
    "listmonk": (
        "subscribers.csv",
        (
            "uuid,email,name,attributes,status,created_at,updated_at\n"
            'u1,ada@example.org,Ada,"{""city"": ""Ulm""}",enabled,2022-05-06 07:08:09.123456+00,2022-05-06 07:08:09+00\n'
            "u2,bob@example.org,Bob,{},blocklisted,2022-05-06 07:08:09+00,2022-05-06 07:08:09+00\n"
            "u3,cy@example.org,Cy,{},disabled,2022-05-06 07:08:09+00,2022-05-06 07:08:09+00\n"
        ),
        {"ada@example.org": "subscribed Ada", "bob@example.org": "(operator)", "cy@example.org": "unsubscribed"},
    ),
    "Squarespace": (
        "squarespace.csv",
        "Email Address,Date Subscribed\nada@example.org,2022-05-06\n",
        {"ada@example.org": "subscribed"},
    ),
}
