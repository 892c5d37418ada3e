# One message’s story, and its buttons.

delivery-email-to = E-mail to
delivery-text-to = Text message to
delivery-to-batch = Back to the batch
delivery-to-household = Back to the household
delivery-since = since { $when }
delivery-lives-at = Lives at
delivery-who = Who has to act
delivery-next = Next step
delivery-next-at = Next: { $when }.
delivery-sent-again = Sent again

## What became of a button

delivery-done-sent-again = It is sent again, and this is the newer message.
delivery-done-left = It is left at that: nothing more is sent.
delivery-done-not-needed = The household has joined meanwhile: nothing is sent.

## The buttons

decide-title = It is for you to decide
decide-again = Send again
decide-again-means = The same invitation goes once more: it may arrive twice.
decide-leave = Leave it
decide-leave-means = Nothing more is sent: it may never have arrived.
again-title = It did not get through
again-means = The same invitation goes to the same address once more.
again-mend = Mend the address
again-mend-means = Or send it another way, or hand over an access pass.

## The story
# $channel: email or text
# $why: a clause that follows a colon, or “none”

story-title = What happened
story-created = The list was accepted; the message was ready.
story-repeats = A leader had it sent again; the message was ready.
story-sent-again = A leader had it sent again.
story-earlier = The earlier message
story-newer = The newer message
story-left = It was left at that.
story-joined = The household joined.
story-sending = { $number ->
    [1] The first try is under way.
    [2] The second try is under way.
    [3] The third try is under way.
   *[other] Try { $number } is under way.
}
story-try = { $number ->
    [1] The first try.
    [2] The second try.
    [3] The third try.
   *[other] Try { $number }.
}
story-accepted = Handed to { $channel ->
    [text] the text provider
   *[email] the mail provider
}, which took it.
story-accepted-late = Handed to { $channel ->
    [text] the text provider
   *[email] the mail provider
}. That it was taken we learnt only later.
story-refused = Handed to { $channel ->
    [text] the text provider
   *[email] the mail provider
}, which refused it{ $why ->
    [none] .
   *[other] : { $why }.
}
story-put-off = Handed to { $channel ->
    [text] the text provider
   *[email] the mail provider
}{ $why ->
    [none] .
   *[other] : { $why }.
}
story-turned-away = { $channel ->
    [text] The text provider
   *[email] The mail provider
} takes nothing from us{ $why ->
    [none] .
   *[other] : { $why }.
} The household is not to blame.
story-not-sent = Not sent{ $why ->
    [none] .
   *[other] : { $why }.
}
story-unknown = Handed to { $channel ->
    [text] the text provider
   *[email] the mail provider
}, and it may have arrived{ $why ->
    [none] .
   *[other] : { $why }.
}
story-receipt-accepted = { $channel ->
    [text] The text provider
   *[email] The mail provider
} says that it is on its way.
story-receipt-delivered = { $channel ->
    [text] The text provider
   *[email] The mail provider
} says that it arrived.
story-receipt-bounced = { $channel ->
    [text] The text provider
   *[email] The mail provider
} says that it did not arrive{ $why ->
    [none] .
   *[other] : { $why }.
}
story-receipt-complained = It arrived, and was reported as unwanted.

## What comes next

story-ahead-retry = Tried again.
story-ahead-provider = The provider is tried again.
story-ahead-goes = It goes.
story-ahead-looks = We look again what became of it.
