import { AuthProvider } from '@countersign/next/client';
import Link from 'next/link';
import { WhoAmI } from '../components/who-am-i';
import { YourItems } from '../components/your-items';

export default function Home() {
  return (
    <>
      <section className="hero">
        <p className="eyebrow">Next.js, App Router</p>
        <h1>Signed in on the server, no token in the browser.</h1>
        <p className="lead">
          This page is public. The session is in an encrypted cookie that no script can read. Tokens are
          refreshed before a page is rendered, so users stay signed in.
        </p>
        <p className="actions">
          <Link className="button" href="/dashboard">
            Open the dashboard
          </Link>
          <Link className="button quiet" href="/profile">
            See your profile
          </Link>
        </p>
      </section>

      <section aria-labelledby="try" className="try">
        <h2 id="try">What to try</h2>
        <ol className="steps">
          <li>
            <h3>Open the dashboard</h3>
            <p>You log in and return to the dashboard.</p>
          </li>
          <li>
            <h3>Wait a minute, then reload</h3>
            <p>The access token has expired. The page works with a new one.</p>
          </li>
          <li>
            <h3>Log in as bob and add an item</h3>
            <p>Bob has read access only. The API rejects the request, and the page shows the reason.</p>
          </li>
        </ol>
      </section>

      {/* This page is static. The browser fetches the session, and the server streams the user's part. */}
      <div className="columns">
        <AuthProvider>
          <WhoAmI />
        </AuthProvider>
        <YourItems />
      </div>
    </>
  );
}
