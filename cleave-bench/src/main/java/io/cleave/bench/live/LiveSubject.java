package io.cleave.bench.live;

import io.cleave.bench.Partner;
import io.cleave.bench.Requests;
import io.cleave.objects.SharedHeap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A JVM with an object. Requests: the name of a work and how often to do it; it gives the nanoseconds of one.
 */
final class LiveSubject {
    private static final long HEAP_BYTES = 64 << 20;
    private static final int KEYS = 16;
    private static final String[] NAMES = {"Acme", "Ajax"};
    private static final String[] MOTTOS = {"everything for everybody, everywhere", "nothing for nobody, but at once"};

    /** Some operation, so many times; what comes of it depends on all that was read. */
    private interface Work {
        long run(int times);
    }

    private LiveSubject() {
    }

    /** Options of its JVM. */
    static List<String> options() {
        return Partner.OPTIONS;
    }

    /** The works, in the order in which they are measured, with how often they are done at a time. */
    static Map<String, Integer> works() {
        Map<String, Integer> works = new LinkedHashMap<>();
        for (String work : List.of("field-get-int-ns", "field-set-int-ns", "field-get-double-ns", "field-set-double-ns",
                "field-add-long-ns", "call-ns", "nested-get-int-ns", "nested-set-int-ns")) {
            works.put(work, 1_000_000);
        }
        for (String work : List.of("str-get-short-ns", "str-set-short-ns", "str-get-long-ns", "str-set-long-ns",
                "dict-get-ns", "dict-set-ns", "list-get-ns", "list-set-ns", "update-two-ns", "read-two-ns")) {
            works.put(work, 100_000);
        }
        return works;
    }

    /** Serves requests; the argument is the way. */
    public static void main(String[] args) throws Exception {
        if (args[0].equals("java")) {
            serve(works(new PlainCompany()));
            return;
        }
        try (SharedHeap heap = SharedHeap.create("bench-live-" + ProcessHandle.current().pid(), HEAP_BYTES)) {
            Company company = heap.object("company", Company.class);
            company.employees(1);
            company.name(NAMES[0]);
            company.motto(MOTTOS[0]);
            serve(works(company));
        }
    }

    private static void serve(Map<String, Work> works) throws Exception {
        Requests.serve(request -> {
            Work work = works.get(request.substring(0, request.indexOf(' ')));
            int times = Integer.parseInt(request.substring(request.indexOf(' ') + 1));
            if (work == null) {
                throw new IllegalArgumentException("there is no work \"" + request + "\"");
            }
            long start = System.nanoTime();
            long result = work.run(times);
            double each = (System.nanoTime() - start) / (double) times;
            if (result < 0) {
                throw new IllegalStateException("the result of " + request + " is " + result);
            }
            return new double[] {each};
        });
    }

    private static String key(int i) {
        return "key " + (i & (KEYS - 1));
    }

    private static Map<String, Work> works(Company it) {
        for (int i = 0; i < KEYS; i++) {
            it.counts().put(key(i), i);
            it.sales().add((long) i);
        }
        Company.Address address = it.address();
        Map<String, Integer> counts = it.counts();
        List<Long> sales = it.sales();
        Map<String, Work> works = new LinkedHashMap<>();
        works.put("field-get-int-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.employees();
            }
            return sum;
        });
        works.put("field-set-int-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.employees(i + 1);
            }
            return (long) it.employees() - times;
        });
        works.put("field-get-double-ns", times -> {
            double sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.revenue();
            }
            return (long) sum;
        });
        works.put("field-set-double-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.revenue(i);
            }
            return (long) it.revenue();
        });
        works.put("field-add-long-ns", times -> {
            for (int i = 0; i < times; i++) {
                long _ = it.addAndGetVisits(1);
            }
            return it.visits();
        });
        works.put("call-ns", times -> {
            double sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.perHead();
            }
            return (long) sum;
        });
        works.put("nested-get-int-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += address.zip();
            }
            return sum;
        });
        works.put("nested-set-int-ns", times -> {
            for (int i = 0; i < times; i++) {
                address.zip(i);
            }
            return address.zip();
        });
        works.put("str-get-short-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.name().length();
            }
            return sum;
        });
        works.put("str-set-short-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.name(NAMES[i & 1]);
            }
            return it.name().length();
        });
        works.put("str-get-long-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.motto().length();
            }
            return sum;
        });
        works.put("str-set-long-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.motto(MOTTOS[i & 1]);
            }
            return it.motto().length();
        });
        collections(works, counts, sales);
        works.put("update-two-ns", times -> {
            for (int i = 0; i < times; i++) {
                Company.grow(it);
            }
            return it.employees();
        });
        works.put("read-two-ns", times -> {
            double sum = 0;
            for (int i = 0; i < times; i++) {
                sum += Company.sum(it);
            }
            return (long) sum;
        });
        return works;
    }

    private static Map<String, Work> works(PlainCompany it) {
        for (int i = 0; i < KEYS; i++) {
            it.counts.put(key(i), i);
            it.sales.add((long) i);
        }
        Map<String, Work> works = new LinkedHashMap<>();
        works.put("field-get-int-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.employees;
            }
            return sum;
        });
        works.put("field-set-int-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.employees = i + 1;
            }
            return (long) it.employees - times;
        });
        works.put("field-get-double-ns", times -> {
            double sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.revenue;
            }
            return (long) sum;
        });
        works.put("field-set-double-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.revenue = i;
            }
            return (long) it.revenue;
        });
        works.put("field-add-long-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.visits++;
            }
            return it.visits;
        });
        works.put("call-ns", times -> {
            double sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.perHead();
            }
            return (long) sum;
        });
        works.put("nested-get-int-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.address.zip;
            }
            return sum;
        });
        works.put("nested-set-int-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.address.zip = i;
            }
            return it.address.zip;
        });
        works.put("str-get-short-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.name.length();
            }
            return sum;
        });
        works.put("str-set-short-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.name = NAMES[i & 1];
            }
            return it.name.length();
        });
        works.put("str-get-long-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.motto.length();
            }
            return sum;
        });
        works.put("str-set-long-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.motto = MOTTOS[i & 1];
            }
            return it.motto.length();
        });
        collections(works, it.counts, it.sales);
        works.put("update-two-ns", times -> {
            for (int i = 0; i < times; i++) {
                it.employees++;
                it.revenue++;
            }
            return it.employees;
        });
        works.put("read-two-ns", times -> {
            double sum = 0;
            for (int i = 0; i < times; i++) {
                sum += it.employees + it.revenue;
            }
            return (long) sum;
        });
        return works;
    }

    private static void collections(Map<String, Work> works, Map<String, Integer> counts, List<Long> sales) {
        works.put("dict-get-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += counts.getOrDefault(key(i), 0);
            }
            return sum;
        });
        works.put("dict-set-ns", times -> {
            for (int i = 0; i < times; i++) {
                counts.put(key(i), i);
            }
            return counts.size();
        });
        works.put("list-get-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += sales.get(i & (KEYS - 1));
            }
            return sum;
        });
        works.put("list-set-ns", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += sales.set(i & (KEYS - 1), (long) i);
            }
            return sum;
        });
    }
}
