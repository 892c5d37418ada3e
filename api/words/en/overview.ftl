# Where a leader arrives.

overview-empty = Nobody is invited yet
overview-empty-next = Paste a list of your households, and watch here what becomes of each invitation.
overview-invite = Invite residents
overview-requests = { $count ->
    [one] 1 resident waits for your answer
   *[other] { $count } residents wait for your answer
}
overview-problems = { $count ->
    [one] 1 household has a problem
   *[other] { $count } households have a problem
}

## Who has joined

overview-adoption = Adoption
overview-joined = <b>{ $joined }</b> of { $all ->
    [one] 1 household
   *[other] { $all } households
} joined
overview-nobody-joined = Nobody has joined yet. The first usually come within a day.
overview-report = Report
overview-standing = Where everybody stands

## The newest batches

overview-batches = Batches
overview-batches-empty = Each list that is sent stands here.
overview-batch-open = { $count } to go
overview-batch-paused = Paused, { $count } to go
overview-batch-paused-by-itself = Paused by itself, { $count } to go
overview-batch-cancelled = The rest was cancelled
overview-batch-checking = Being checked
overview-batch-done = Done
overview-batch-sent = { $percent } % sent
overview-batch-problems = { $count ->
    [one] 1 problem
   *[other] { $count } problems
}
