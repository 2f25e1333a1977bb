package io.cleave.objects;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether some order explains what processes have asked of an object and got: one in which each call takes effect between
 * its beginning and its end, and has the result that it had. A call without an end, whose process was killed, has happened
 * at some later time, or not. The search is that of Wing and Gong, with a memory of the states that it has been in.
 */
final class Linearization {
    /** A call of one process, and what it does to an object in some state. */
    interface Call<S> {
        long begin();

        /** 0 where it has none. */
        long end();

        /** The state after; null where the call has another result there than it had. */
        @Nullable S after(S state);

        default boolean isOver() {
            return end() != 0;
        }
    }

    /** How far each process is, and the object. */
    private record State<S>(List<Integer> done, S object) {}

    private Linearization() {
    }

    /** Whether an order explains the calls of some processes, each in its order. */
    static <S> boolean isExplained(List<? extends List<? extends Call<S>>> processes, S initial) {
        Integer[] none = new Integer[processes.size()];
        Arrays.fill(none, 0);
        Set<State<S>> seen = new HashSet<>();
        Deque<State<S>> open = new ArrayDeque<>();
        open.push(new State<>(List.of(none), initial));
        while (!open.isEmpty()) {
            State<S> state = open.pop();
            if (!seen.add(state)) {
                continue;
            }
            long firstEnd = Long.MAX_VALUE;
            for (int i = 0; i < processes.size(); i++) {
                Call<S> next = next(processes, state, i);
                if (next != null && next.isOver()) {
                    firstEnd = Math.min(firstEnd, next.end());
                }
            }
            if (firstEnd == Long.MAX_VALUE) {
                return true; // what is left has no end
            }
            for (int i = 0; i < processes.size(); i++) {
                Call<S> next = next(processes, state, i);
                S after = next != null && next.begin() <= firstEnd ? next.after(state.object()) : null;
                if (after != null) {
                    List<Integer> done = new ArrayList<>(state.done());
                    done.set(i, done.get(i) + 1);
                    open.push(new State<>(List.copyOf(done), after));
                }
            }
        }
        return false;
    }

    private static <S> @Nullable Call<S> next(List<? extends List<? extends Call<S>>> processes, State<S> state,
            int process) {
        int done = state.done().get(process);
        return done < processes.get(process).size() ? processes.get(process).get(done) : null;
    }
}
