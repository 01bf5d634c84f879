"""Who is trained when: seats in the sessions that there are. Pure.

It plans no sessions: trainers, rooms and holidays are for a later version, which will order sessions by itself.
"""
