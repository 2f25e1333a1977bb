package io.cleave.bench.live;

import io.cleave.objects.Live;
import io.cleave.objects.SharedMap;
import java.util.List;

/** The object that is measured. */
interface Company {
    int employees();

    void employees(int value);

    double revenue();

    void revenue(double value);

    long visits();

    void visits(long value);

    long addAndGetVisits(long delta);

    String name();

    void name(String value);

    String motto();

    void motto(String value);

    Address address();

    SharedMap<String, Integer> counts();

    List<Long> sales();

    /** An object in the object. */
    interface Address {
        int zip();

        void zip(int value);
    }

    default double perHead() {
        return revenue() / employees();
    }

    /** Adds to two fields at once. */
    static void grow(Company company) {
        Live.update(company, it -> {
            it.employees(it.employees() + 1);
            it.revenue(it.revenue() + 1);
        });
    }

    /** Reads two fields at once. */
    static double sum(Company company) {
        return Live.<Company, Double>read(company, it -> it.employees() + it.revenue());
    }
}
