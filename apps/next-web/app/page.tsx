import { AuthProvider } from '@countersign/next/client';
import Link from 'next/link';
import { WhoAmI } from '../components/who-am-i';
import { YourItems } from '../components/your-items';

export default function Home() {
  return (
    <>
      <section className="hero">
        <p className="eyebrow">Next.js, App Router</p>
        <h1>Signed in on the server, quiet in the browser.</h1>
        <p className="lead">
          This page is public. The session is sealed in a cookie that no script can read, and tokens are
          renewed before a page is rendered, so nobody is ever sent away to log in again for nothing.
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
            <p>You are asked to log in, and come back to the page that you wanted.</p>
          </li>
          <li>
            <h3>Wait a minute, then reload</h3>
            <p>The access token has ended meanwhile. The page works all the same, with a new one.</p>
          </li>
          <li>
            <h3>Log in as bob and add an item</h3>
            <p>Bob may read but not write. The API says so, and the page tells you.</p>
          </li>
        </ol>
      </section>

      {/* This page is the same file for everybody: the browser asks who it is, and the server sends more behind it. */}
      <div className="columns">
        <AuthProvider>
          <WhoAmI />
        </AuthProvider>
        <YourItems />
      </div>
    </>
  );
}
