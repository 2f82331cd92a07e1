package ai.dreamlake.server.http;

import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.RecordFilter;
import ai.dreamlake.server.store.Session;
import ai.dreamlake.server.store.StoreException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves records as a file, however many there are. */
final class ExportRoutes implements Routes {

    private static final Logger LOG = LoggerFactory.getLogger(ExportRoutes.class);

    private final Requests requests;
    private final LogStore store;

    ExportRoutes(Requests requests, LogStore store) {
        this.requests = requests;
        this.store = store;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.get("/sessions/{id}/export", this::export);
    }

    /** Finds every fault of the request before it sends anything. */
    private void export(Context request) {
        String id = Requests.session(request);
        Session session = store.session(requests.user(request).id(), id);
        boolean isCsv = Parameters.isOther(request, "format", "jsonl", "csv");
        RecordFilter filter = RecordQueries.filter(request);
        long end = store.end(id);
        Set<Csv.Column> columns = isCsv ? Csv.columns(new AllRecords(store, id, filter, end)) : Set.of();
        AllRecords records = new AllRecords(store, id, filter, end);
        records.hasNext();
        HttpServletResponse response = request.res();
        response.setContentType(isCsv ? "text/csv; charset=utf-8" : "application/jsonl; charset=utf-8");
        response.setHeader("Content-Disposition", Text.attachment(session.name() + (isCsv ? ".csv" : ".jsonl")));
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Cache-Control", "private, no-cache");
        try {
            Writer out = new BufferedWriter(new OutputStreamWriter(response.getOutputStream(), StandardCharsets.UTF_8));
            if (isCsv) {
                Csv.write(columns, records, out);
            } else {
                JsonLines.write(records, out);
            }
            out.flush();
        } catch (StoreException failure) {
            LOG.warn("An export was cut off", failure);
            cutOff(request);
        } catch (IOException clientHasGone) {
            // There is no client left to inform.
        }
    }

    /**
     * It is too late for another status. Cutting the connection is the only way to show the client that the file is
     * incomplete.
     */
    private static void cutOff(Context request) {
        ServletContextRequest.getServletContextRequest(request.req())
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint()
                .close();
    }
}
