"""`run_schedule`: one seed, one world, one sender, until nothing happens any more; then every promise is checked."""

from collections.abc import Callable

from tests.simulation.checker import check
from tests.simulation.ours import Addressee
from tests.simulation.result import Result
from tests.simulation.world import World, draw_world

Make = Callable[[World], Addressee]


def run_schedule(seed: int, make: Make = Addressee) -> Result:
    """Run Addressee, or a mutant of it, through the schedule of a seed."""
    world = draw_world(seed)
    sender = make(world)
    world.events.append(sender.take_event)
    sender.begin()
    world.happen(sender)
    world.scheduler.run()
    return check(seed, world, sender)
