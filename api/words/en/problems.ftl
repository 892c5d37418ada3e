# Who needs somebody, by what helps.

problems-title = Who needs you
problems-nobody = Nobody
problems-total = { $count ->
    [one] 1 household needs you
   *[other] { $count } households need you
}
problems-empty = Nobody needs you right now
problems-empty-means = Every invitation arrived, or is on its way. What does not get through will stand here, with what helps.
problems-empty-back = Back to the overview
problems-first = These are the first { $most }. Those that are mended make room for the others.

## What is done about all of a sort

problems-again = { $count ->
    [one] Send again to 1 household
   *[other] Send again to { $count } households
}
problems-leave = Leave all of them
problems-print = { $count ->
    [one] Print 1 access pass
   *[other] Print { $count } access passes
}
problems-may-have-arrived = These may have arrived: whoever is written to again may get it twice.
problems-none-arrived = None of these has arrived: nobody gets it twice.

## Each of them

problems-what-happened = What happened<span class="away"> with <bdi>{ $who }</bdi></span>
problems-right-address = Right address <span class="away">of <bdi>{ $who }</bdi></span>
# What may be typed, as a sample.
problems-sample-email = name@example.org
problems-sample-either = 312 555 0143 or name@example.org

## What was just done

problems-told-again = { $count ->
    [one] 1 message goes again that certainly had not arrived.
   *[other] { $count } messages go again that certainly had not arrived.
}
problems-told-again-unknown = { $count ->
    [one] 1 more goes again that may have arrived before.
   *[other] { $count } more go again that may have arrived before.
}
problems-told-left-alone = Nothing more is sent to these.
problems-told-left = { $count ->
    [one] Nothing was done about 1 household: open it to see why.
   *[other] Nothing was done about { $count } households: open each to see why.
}
problems-told-changed = The list has changed since you opened it, and nothing was done. Look again.
