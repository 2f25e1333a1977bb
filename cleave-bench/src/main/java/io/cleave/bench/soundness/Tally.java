package io.cleave.bench.soundness;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Counts what came back against what should have come. */
final class Tally {
    private static final int MOST_COMPLAINTS = 20;

    private enum Absent {
        /** Stands for null, which some maps take as a key and others do not. */
        NULL
    }

    private final List<String> complaints = new ArrayList<>();
    private long results;
    private long lost;
    private long duplicated;
    private long wrong;

    /**
     * Compares the results of a run.
     *
     * @param run what run it was, for complaints
     * @param expected the keys of all results, in order
     * @param received the results
     * @param ordered whether they must be in order
     * @param complete whether all of them must be there; else, those that are there must be the first ones, if ordered
     */
    void compare(String run, List<@Nullable Object> expected, List<@Nullable Object> received, boolean ordered,
            boolean complete) {
        results += received.size();
        List<Object> keys = received.stream().map(Trial::keyOf).map(Tally::key).toList();
        List<Object> wanted = expected.stream().map(Tally::key).toList();
        if (ordered && keys.equals(complete ? wanted : wanted.subList(0, Math.min(keys.size(), wanted.size())))) {
            return;
        }
        long before = lost + duplicated + wrong;
        Map<Object, Integer> missing = new HashMap<>();
        wanted.forEach(key -> missing.merge(key, 1, Integer::sum));
        for (Object key : keys) {
            Integer left = missing.get(key);
            if (left == null) {
                wrong++;
                complain(run + ": a result that nobody asked for: " + shortened(key));
            } else if (left == 0) {
                duplicated++;
                complain(run + ": twice the same result: " + shortened(key));
            } else {
                missing.put(key, left - 1);
            }
        }
        if (complete) {
            missing.forEach((key, left) -> {
                if (left > 0) {
                    lost += left;
                    complain(run + ": a result is missing: " + shortened(key));
                }
            });
        }
        if (ordered && before == lost + duplicated + wrong) {
            wrong++;
            complain(run + ": the order is wrong");
        }
    }

    /** A run that did not do what it should have. */
    void wrong(String run, String why) {
        wrong++;
        complain(run + ": " + why);
    }

    private void complain(String text) {
        if (complaints.size() < MOST_COMPLAINTS) {
            complaints.add(text);
        }
    }

    private static Object key(@Nullable Object key) {
        return Objects.requireNonNullElse(key, Absent.NULL);
    }

    private static String shortened(Object key) {
        String text = key.toString();
        return text.length() < 200 ? text : text.substring(0, 200) + "...";
    }

    /** The complaints since the last call. */
    List<String> takeComplaints() {
        List<String> taken = List.copyOf(complaints);
        complaints.clear();
        return taken;
    }

    long results() {
        return results;
    }

    long lost() {
        return lost;
    }

    long duplicated() {
        return duplicated;
    }

    long wrong() {
        return wrong;
    }

    boolean isClean() {
        return lost + duplicated + wrong == 0;
    }
}
