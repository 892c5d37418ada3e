# What the community says of itself, and what its channels can.

settings-title-mistake = Mistake: Settings
settings-nav-community = Community

## What was done, or was not

settings-saved = Saved.
settings-saved-ready = Saved. Everything is there: you can invite your residents now.
settings-overtaken = Nothing was saved yet: somebody changed the settings meanwhile. Below stands what you typed; saving it puts all of it in the place of theirs.
settings-overtaken-see = See the settings as they are now
settings-misfits = { $count ->
    [one] Nothing was saved yet: one field does not fit. What is wrong stands beside each.
   *[other] Nothing was saved yet: { $count } fields do not fit. What is wrong stands beside each.
}
settings-not-changed = Nothing was changed
settings-owners-only = Only owners change settings. Who that is stands under <a href="/settings/people">People</a>.
settings-owners-only-ask = Only owners change settings. Ask one of them: they stand under “People”.
settings-not-whole = The form did not arrive whole: the connection broke, or the picture is far too large.
settings-not-whole-next = Go back in your browser: what you typed still stands there. Choose a picture of at most 512 KB, and save again.

## The checklist; what it names is called as its field, or so

settings-check-ready = Ready to send
settings-check-ready-means = Everything that an invitation needs is there.
settings-check-may-send = { $count ->
    [one] You may send; one thing is not chosen yet
   *[other] You may send; { $count } things are not chosen yet
}
settings-check-may-send-means = Messages leave out what is missing. Choose it when you can:
settings-check-missing = { $count ->
    [one] One thing is missing before anybody can be invited
   *[other] { $count } things are missing before anybody can be invited
}
settings-needed-logo = Logo, or that there is none
settings-needed-text-window = Times for texts

## The form

settings-form = What the community says of itself
settings-save = Save settings
settings-save-at-once = Save

## Who you are

settings-who = Who you are
settings-name = Name
settings-name-means = In full, as residents know it.
settings-short-name = Short name for texts
settings-short-name-means = A text begins with it.
settings-short-name-places = { $count } of { $most } places taken.
# $name: how texts name the community
settings-text-begins = { $name }: your household is invited to our resident portal. Join: …

## Brand

settings-brand = Brand
settings-logo = Logo
settings-logo-yours = Your logo
settings-logo-means = A PNG or JPEG file of at most 512 KB. It stands on residents’ pages and on passes; e-mails carry no picture.
settings-logo-remove = Remove the logo: we have none
settings-logo-none = We have no logo
settings-colour = Colour
settings-colour-take = Take { $colour } and save
settings-colour-other = Another one
settings-colour-own = Another colour, as #rrggbb
# $contrast: a number such as 6.4
settings-contrast-enough = White text on this colour can be read ({ $contrast } to 1).
settings-contrast-little = White text on this colour cannot be read well ({ $contrast } to 1): choose a darker one.
settings-swatch-blue = Blue
settings-swatch-navy = Navy
settings-swatch-teal = Teal
settings-swatch-green = Green
settings-swatch-olive = Olive
settings-swatch-brown = Brown
settings-swatch-red = Red
settings-swatch-purple = Purple

## How an invitation looks; the community’s name stands above it

settings-preview-light = invites your household. (light)
settings-preview-dark = invites your household. (dark)
settings-preview-join = Join now

## Contact and address

settings-reach = Contact and address
settings-postal-address = Postal address
settings-postal-address-means = At the foot of every e-mail, as the law asks for.
settings-contact = Contact for residents
settings-contact-means = An e-mail address or a phone number, shown on every page and pass. Replies to e-mails go there.

## Time and texts

settings-times = Time and texts
settings-time-zone = Time zone
settings-time-zone-choose = Choose…
settings-time-zone-means = The city nearest to you whose clocks show the same time.
settings-world-america = America
settings-world-europe = Europe
settings-world-africa = Africa
settings-world-asia = Asia
settings-world-australia = Australia
settings-world-pacific = Pacific
settings-world-atlantic = Atlantic
settings-world-indian = Indian
settings-world-antarctica = Antarctica
settings-world-arctic = Arctic
settings-world-other = Other
settings-text-window = When texts may go out
# $times: such as “Monday to Saturday 09:00–20:00, Sunday 12:00–20:00”
settings-text-window-usual = As usual here: { $times }
settings-text-window-special = As it is: { $times }
settings-text-window-own = At these times:
settings-text-window-means = Never before 08:00 or after 21:00. A text that comes too late for the day waits for the next one.
settings-day-week = Monday to Friday
settings-day-from = from
settings-day-to = to
settings-day-none = no texts

## Times, as they are told; several follow one another with commas

settings-hours-always = at any time
# $days: days or runs of them
settings-hours = { $days } { $from }–{ $to }
settings-hours-run = { $first } to { $last }
settings-monday = Monday
settings-tuesday = Tuesday
settings-wednesday = Wednesday
settings-thursday = Thursday
settings-friday = Friday
settings-saturday = Saturday
settings-sunday = Sunday

## Residents’ portal

settings-portal = Residents’ portal
settings-portal-url = Web address of your own site
settings-portal-url-means = Residents who joined are led on to it. Leave it empty if there is none.

## Ways to reach residents

settings-ways = Ways to reach residents
settings-way-email = E-mail
settings-way-email-ready = Replies go to the contact for residents, if that is an e-mail address.
settings-way-email-shut = No e-mail can go out at the moment. The operator has to mend it; what waits goes by itself then.
# $why: a clause of the dictionary
settings-way-email-shut-why = No e-mail can go out at the moment: { $why }. The operator has to mend it; what waits goes by itself then.
settings-way-text = Text message
settings-way-text-ready = Only to people who agreed to get texts, at the times above.
settings-way-text-none = This installation has no provider of texts. Ask its operator.
settings-way-text-shut = No text can go out at the moment. The operator has to mend it; what waits goes by itself then.
settings-way-text-shut-why = No text can go out at the moment: { $why }. The operator has to mend it; what waits goes by itself then.
settings-way-paper = Printed access pass
settings-way-paper-ready = Print from “Passes”, with your name, colour and logo.
settings-way-paper-none = A pass says where its code is typed: the operator has to set PORCHLIGHT_PUBLIC_URL first.
settings-way-stands-ready = Ready
settings-way-stands-shut = Not working right now
settings-way-stands-none = Not set up

## A sample to oneself

settings-sample = Send me a test
settings-sample-sent = A sample of the invitation is on its way to your own address.
settings-sample-nameless = Add yourself first
settings-sample-nameless-why = You came with a link from the operator, and we do not know your address.
settings-sample-nameless-next = Add yourself under Settings, People first; then sign in with your e-mail address.
settings-sample-too-many = Too many samples
# $count: minutes
settings-sample-wait = { $count ->
    [one] Five samples an hour are enough. Wait 1 minute, then try again.
   *[other] Five samples an hour are enough. Wait { $count } minutes, then try again.
}

## What does not fit, of any field

settings-misfit-emptied = This is needed to send anything: write another one instead of none.
# $count, $most: characters
settings-misfit-long = This has { $count } characters; at most { $most } fit.
settings-misfit-lines = Write it on one line.

## What does not fit, of one

settings-misfit-name = Write the name by which residents know the community.
settings-misfit-short-name = Write how texts name the community.
settings-misfit-short-name-letter = Texts have no letter “{ $letter }” at the usual price: write it in another way.
# $count, $most: places
settings-misfit-short-name-long = This takes { $count } places of a text; at most { $most } are free.
settings-misfit-logo = Choose a picture, or say that there is no logo.
settings-misfit-logo-file = This file is too large: choose one of at most 512 KB.
settings-misfit-logo-pixels = This picture has too many pixels: at most 2,000 on a side.
settings-misfit-logo-unreadable = This is not a picture that can be read: choose a PNG or JPEG file.
settings-misfit-logo-small = This picture is too small: at least 16 pixels on a side.
settings-misfit-logo-unkept = This picture cannot be kept: choose another.
settings-misfit-colour = A colour looks like #1a56c4.
# $darker: a colour
settings-misfit-colour-light = White text on this colour cannot be read well ({ $contrast } to 1, at least 4.5 are needed): choose a darker one, such as { $darker }.
settings-misfit-colour-ticked = You wrote another colour, but one of ours was ticked. “Another one” is ticked now: save again, or tick the one that you want.
settings-misfit-postal-address = Write where post reaches the community.
settings-misfit-postal-address-lines = Write it on one to eight lines.
settings-misfit-contact = Write an e-mail address or a phone number, so that somebody can be reached.
settings-misfit-contact-email = There is a mistake in this e-mail address. It looks like name@example.org.
settings-misfit-time-zone = Choose a time zone from the list, such as America/Chicago.
settings-misfit-text-window-wide = Residents are promised no text before 08:00 or after 21:00: choose times.
settings-misfit-text-window-ticked = You chose times for days, but they were not ticked. “At these times” is ticked now: save again, or tick the other one.
settings-misfit-text-window-order = Each day’s first time has to be before its last.
settings-misfit-text-window-half = Choose both times of a day, or “no texts” twice.
settings-misfit-text-window-none = Choose times for at least one day.
settings-misfit-portal-url = Write a web address such as https://portal.example.org.
